// Typeset the formulas, shrink the slides that are too large, then start reveal.js.

const WIDTH = 1280, HEIGHT = 720, SMALLEST = 0.5, STEP = 0.02, READABLE = 0.75;

// Shrink what is seen of a slide until all of it, each fragment too, stands on it.
function shrink(slide) {
  const seen = slide.querySelector(":scope > .seen");
  let zoom = 1;
  const fits = () => {
    seen.style.zoom = zoom.toFixed(2);
    return slide.scrollHeight <= HEIGHT && slide.scrollWidth <= WIDTH;
  };
  while (!fits() && zoom > SMALLEST) zoom -= STEP;
  slide.dataset.zoom = zoom.toFixed(2);
  return zoom;
}

const picture_width = (slide) =>
  Math.min(...[...slide.querySelectorAll(".jp-RenderedImage img")].map((image) => image.getBoundingClientRect().width));

// Pictures stand below their code, or beside it where both become larger by that.
function fit(slide) {
  slide.classList.remove("beside");
  const below = shrink(slide), width = picture_width(slide);
  if (below === 1 || width === Infinity) return;
  slide.classList.add("beside");
  if (shrink(slide) > below && picture_width(slide) >= width) return;
  slide.classList.remove("beside");
  shrink(slide);
}

// The last picture of a slide gets one of its own, with what comes after it.
function split(slide) {
  const picture = [...slide.querySelectorAll(".jp-Cell-outputWrapper:has(.jp-RenderedImage)")].at(-1);
  if (!picture) return;
  const [seen, notes] = [slide.querySelector(":scope > .seen"), slide.querySelector("aside.notes")];
  const next = document.createElement("section"), moved = document.createElement("div");
  moved.className = "seen";
  const heading = seen.querySelector("h2");
  if (heading) moved.append(heading.cloneNode(true));
  let part = picture;
  while (part.parentElement !== seen) part = part.parentElement;
  const after = [...seen.children].slice([...seen.children].indexOf(part) + 1);
  moved.append(picture, ...after);
  next.append(moved);
  if (notes) next.append(notes.cloneNode(true));
  slide.after(next);
  [slide, next].forEach(fit);
}

async function start() {
  const frame = document.querySelector(".reveal");
  const slides = [...document.querySelectorAll(".slides > section > section")];
  await MathJax.typesetPromise();
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
  frame.classList.add("measured");
  slides.forEach(fit);
  slides.filter((slide) => slide.dataset.zoom < READABLE).forEach(split);
  frame.classList.remove("measured");
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0, center: false, hash: true, slideNumber: "c/t",
    transition: "none", plugins: [RevealNotes],
  });
  // What is folded out needs room.
  document.addEventListener("toggle", (event) => {
    const slide = event.target.closest(".slides > section > section");
    if (slide) fit(slide);
  }, true);
  document.documentElement.dataset.ready = "true";
}

window.MathJax = {
  tex: { inlineMath: [["$", "$"], ["\\(", "\\)"]], processEscapes: true, processEnvironments: true },
  svg: { fontCache: "global" },
  options: { enableMenu: false },
  startup: { typeset: false, ready: () => { MathJax.startup.defaultReady(); MathJax.startup.promise.then(start); } },
};
