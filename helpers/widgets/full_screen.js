// A button that shows the panel or explorer around a view on the whole screen, and back.
// It belongs to a view that is there anyway, so the kernel knows nothing of it.

const FULL_CORNERS = { false: "M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9", true: "M5 1v4H1M13 5H9V1M9 13V9h4M1 9h4v4" };

// Put the button into what `place` finds in the `whole` around el, "" for the whole
// itself, as soon as el is there; `size` gives the width and height that the whole needs.
// Returns what takes the button away.
export function fullScreen(el, whole, place, size) {
  const button = document.createElement("button");
  button.className = "course-full-screen";
  button.type = "button";
  button.dataset.lmSuppressShortcuts = "true"; // Enter would go to the notebook
  const isFull = () => document.fullscreenElement !== null && document.fullscreenElement === el.closest(whole);
  function draw() {
    const full = isFull(), words = full ? "Leave full screen (Esc)" : "Full screen";
    button.title = words;
    button.setAttribute("aria-label", words);
    button.innerHTML = `<svg viewBox="0 0 14 14" aria-hidden="true"><path d="${FULL_CORNERS[full]}"/></svg>`;
  }
  function changed() {
    draw();
    enlarge();
  }
  let own = null; // its size in the notebook
  function enlarge() {
    if (!own || !el.closest(whole)) return;
    const zoom = isFull() ? Math.max(1, Math.min((0.94 * innerWidth) / own[0], (0.9 * innerHeight) / own[1])) : 1;
    el.closest(whole).style.setProperty("--course-zoom", zoom);
    if (!isFull()) own = null;
    window.dispatchEvent(new Event("course-zoomed"));
  }
  button.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else {
      own = size(el.closest(whole));
      el.closest(whole).requestFullscreen();
    }
  });
  document.addEventListener("fullscreenchange", changed);
  window.addEventListener("resize", enlarge);
  draw();
  (function put(tries) {
    const around = el.closest(whole), found = place ? around?.querySelector(place) : around;
    if (found) found.append(button);
    else if (tries) requestAnimationFrame(() => put(tries - 1));
  })(100);
  return () => {
    document.removeEventListener("fullscreenchange", changed);
    window.removeEventListener("resize", enlarge);
    button.remove();
  };
}
