// Pages as large as the screen allows, and a way from one to the next.
(() => {
  const pages = [...document.querySelectorAll(".page")];
  const LEAST = 1.15; // a high picture on a low screen is scrolled rather than small
  const names = pages.map((page) => page.querySelector("h1, h2").textContent.replace("¶", ""));

  // How much larger what a page shows may be drawn: it is measured at its own size.
  function fits(page, shown, stacked) {
    page.classList.toggle("stacked", stacked);
    shown.style.zoom = 1;
    shown.style.width = `${shown.querySelector(".course-panel") ? 1024 : 1120}px`;
    const area = shown.getBoundingClientRect();
    const parts = [...shown.querySelectorAll("canvas, img, table, .widget-inline-hbox")]
      .filter((part) => part.offsetParent && !(stacked && part.matches(".widget-inline-hbox")))
      .map((part) => part.getBoundingClientRect());
    const right = Math.max(600, ...parts.map((part) => part.right - area.left));
    const style = getComputedStyle(page);
    const wide = page.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const high = window.innerHeight - (area.top - page.getBoundingClientRect().top) - 0.08 * window.innerHeight;
    if (shown.querySelector(".course-panel")) return wide / 1024; // its runs stand below the screen
    return Math.min(wide / right, high / shown.offsetHeight);
  }

  function enlarge() {
    for (const page of pages) {
      const shown = page.querySelector(".jp-OutputArea-output");
      if (!shown) continue;
      const beside = fits(page, shown, false);
      const can = shown.querySelector(".course-explorer") && !shown.querySelector(".widget-vbox > .widget-hbox");
      const above = can ? fits(page, shown, true) : 0;
      const zoom = Math.min(Math.max(LEAST, beside, above), 3);
      page.classList.toggle("stacked", above > beside);
      const style = getComputedStyle(page);
      const wide = page.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      shown.style.width = `${wide / zoom}px`;
      shown.style.zoom = zoom;
      page.dataset.zoom = zoom.toFixed(2);
    }
    window.dispatchEvent(new Event("course-zoomed"));
  }

  const CORNERS = '<svg viewBox="0 0 14 14" width="14" height="14" fill="none" stroke="currentColor" stroke-width="1.5">' +
    '<path d="M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9"/></svg>';
  const bar = document.createElement("nav");
  bar.id = "course-pages";
  const button = (text, words, act) => {
    const made = document.createElement("button");
    made.innerHTML = text; made.title = words;
    made.setAttribute("aria-label", words);
    made.addEventListener("click", act);
    return made;
  };
  const here = () => pages.findLastIndex((page) => page.getBoundingClientRect().top < window.innerHeight / 2);
  const go = (k) => pages[Math.min(Math.max(k, 0), pages.length - 1)].scrollIntoView();
  const menu = document.createElement("select");
  menu.setAttribute("aria-label", "Page");
  menu.append(...names.map((name, k) => new Option(`${k + 1} / ${pages.length}  ${name}`, k)));
  menu.addEventListener("change", () => { go(+menu.value); menu.blur(); });
  bar.append(
    button("‹", "Previous page (Page Up)", () => go(here() - 1)), menu,
    button("›", "Next page (Page Down)", () => go(here() + 1)),
    button(CORNERS, "Full screen (F11)", () =>
      document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  );
  document.body.append(bar);
  document.addEventListener("scroll", () => { menu.value = here(); }, { passive: true, capture: true });
  document.addEventListener("keydown", (event) => {
    const step = { PageDown: 1, PageUp: -1 }[event.key];
    if (!step || event.target.closest?.("input, textarea, select, .noUi-handle")) return;
    event.preventDefault();
    go(here() + step);
  });

  let waiting = 0, size = "";
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const sizes = [...document.querySelectorAll(".page canvas")].map((c) => `${c.clientWidth}x${c.clientHeight}`);
      const now = [window.innerWidth, window.innerHeight, ...sizes].join(" ");
      if (now === size) document.documentElement.dataset.ready = String(sizes.length);
      else { size = now; enlarge(); soon(); }
    }, 150);
  }
  window.addEventListener("resize", soon);
  // Widgets come one after the other, when their models have been asked for.
  new MutationObserver(soon).observe(document.getElementById("rendered_cells"),
    { childList: true, subtree: true, attributes: true, attributeFilter: ["width", "height"] });
})();
