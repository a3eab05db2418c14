// A button that shows the panel or explorer around it on the whole screen, and back.

const WHOLE = ".course-panel, .course-explorer";
const CORNERS = { false: "M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9", true: "M5 1v4H1M13 5H9V1M9 13V9h4M1 9h4v4" };

function render({ el }) {
  const button = document.createElement("button");
  button.className = "course-full-screen";
  button.type = "button";
  el.append(button);
  const whole = () => el.closest(WHOLE);
  function draw() {
    const full = document.fullscreenElement !== null && document.fullscreenElement === whole();
    const words = full ? "Leave full screen (Esc)" : "Full screen";
    button.title = words;
    button.setAttribute("aria-label", words);
    button.innerHTML = `<svg viewBox="0 0 14 14" aria-hidden="true"><path d="${CORNERS[full]}"/></svg>`;
  }
  button.addEventListener("click", () =>
    document.fullscreenElement ? document.exitFullscreen() : whole().requestFullscreen());
  document.addEventListener("fullscreenchange", draw);
  draw();
  return () => document.removeEventListener("fullscreenchange", draw);
}

export default { render };
