// Typeset the formulas, and say when the page is ready to be printed.

window.MathJax = {
  tex: { inlineMath: [["$", "$"], ["\\(", "\\)"]], processEscapes: true, processEnvironments: true },
  svg: { fontCache: "global" },
  options: { enableMenu: false },
  startup: {
    ready() {
      MathJax.startup.defaultReady();
      MathJax.startup.promise
        .then(() => Promise.all([...document.images].map((image) => image.decode().catch(() => {}))))
        .then(() => document.fonts.ready)
        .then(() => { document.documentElement.dataset.ready = "true"; });
    },
  },
};
