// Records what a script draws and says, in a page without JupyterLab (test_canvas.py).
// Letters are 6 pixels wide, whatever fonts a machine has.

const calls = [], round = (v) => (typeof v === 'number' ? Math.round(v * 10) / 10 : v);
const P = CanvasRenderingContext2D.prototype;
P.measureText = (text) => ({ width: 6 * text.length });
const look = {
  stroke: (c) => [c.strokeStyle, c.lineWidth, c.getLineDash().join(' '), c.globalAlpha],
  fill: (c) => [c.fillStyle, c.globalAlpha],
  fillRect: (c) => [c.fillStyle, c.globalAlpha], strokeRect: (c) => [c.strokeStyle],
  fillText: (c) => [c.fillStyle, c.textAlign, c.font.includes('600')],
};
for (const name of ['moveTo', 'lineTo', 'arc', 'rect', 'closePath', 'clip', 'stroke',
  'fill', 'fillRect', 'strokeRect', 'fillText', 'translate', 'rotate', 'drawImage']) {
  const plain = P[name];
  P[name] = function (...args) {
    const given = args.map((a) => (a instanceof HTMLCanvasElement ? quarters(a) : a));
    calls.push([name, ...given.flat().map(round), ...(look[name]?.(this) ?? []).map(round)]
      .join(' '));
    return plain.apply(this, args);
  };
}
// A picture begins with an empty canvas: of several drawings the last one counts.
const clear = P.clearRect;
P.clearRect = function (...args) { calls.length = 0; return clear.apply(this, args); };
// The mean color of each quarter of an image, from the top left.
function quarters(image) {
  const { width: w, height: h } = image, ctx = image.getContext('2d');
  const { data } = ctx.getImageData(0, 0, w, h), sums = [0, 1, 2, 3].map(() => [0, 0, 0, 0]);
  for (let k = 0; k < w * h; k++) {
    const part = sums[2 * (Math.floor(k / w) * 2 >= h) + (k % w * 2 >= w)];
    for (let i = 0; i < 4; i++) part[i] += (4 * data[4 * k + i]) / (w * h);
  }
  return [w, h, ...sums.flat().map((v) => Math.round(v / 5) * 5)];
}
// Playwright sets no time limit to a script: what is never drawn must not be awaited.
async function drawnOther(canvas, before) {
  for (let frame = 0; canvas.dataset.drawn === before; frame++) {
    if (frame === 3000) throw new Error('nothing was drawn in 3000 frames');
    await new Promise(requestAnimationFrame);
  }
}
function drawnAgain(el) {
  const canvas = el.querySelector('canvas');
  return drawnOther(canvas, canvas.dataset.drawn);
}
const heard = {}, told = [];
async function start([script, state, binary]) {
  for (const name of binary) {
    const view = (v) => new DataView(Uint8Array.from(v).buffer);
    if (name in state) state[name] = view(state[name]);
    for (const thing of [state.picture, ...(state.picture?.layers ?? [])])
      if (thing && name in thing) thing[name] = view(thing[name]);
  }
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; told.push(`set ${name} ${round(value)}`); },
    on: (event, call) => { (heard[event] ??= []).push(call); }, off() {},
    save_changes: () => told.push('saved'), send: (wish) => told.push(JSON.stringify(wish)),
  };
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const { default: { render } } = await import(url);
  const el = document.createElement('div');
  el.id = 'widget';
  el.style.cssText = 'position: absolute; top: 0; left: 0; width: 600px';
  document.body.append(el);
  await render({ model, el });
  window.shown = { el, state, change: (name) => heard[`change:${name}`].forEach((f) => f()) };
  const canvas = el.querySelector('canvas');
  if (canvas) await drawnOther(canvas, undefined);
  return calls.splice(0);
}
async function moved([x, y]) {
  const { el } = shown, again = drawnAgain(el);
  el.querySelector('canvas').dispatchEvent(
    new MouseEvent('mousemove', { clientX: x, clientY: y, bubbles: true }));
  await again;
  return calls.splice(0);
}
async function changed([name, value]) {
  const again = shown.el.querySelector('canvas') ? drawnAgain(shown.el) : null;
  shown.state[name] = value;
  shown.change(name);
  await again;
  return calls.splice(0);
}
