// The twin of sliding_window.py: the same numbers, computed where they are dragged.

const IMAGE = [
  [0, 0, 0, 0, 0, 0, 0],
  [0, 7, 9, 9, 9, 8, 0],
  [0, 2, 0, 0, 6, 7, 0],
  [0, 0, 0, 1, 9, 3, 0],
  [0, 0, 0, 6, 8, 0, 0],
  [0, 0, 2, 9, 2, 0, 0],
  [0, 0, 5, 8, 0, 0, 0],
];
const K = 3, PLACES = IMAGE.length - K + 1, STRONGEST = 0.6;

const minus = (value) => String(value).replace("-", "−");
const product = (x, w) => (w < 0 ? `${x}·(${minus(w)})` : `${x}·${w}`);

// The closed line around k times k cells, given its first cell.
function around(top, left, k) {
  const x0 = left - 0.5, y0 = top - 0.5, x1 = x0 + k, y1 = y0 + k;
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
}

export function scene({ row, column, ...weights }) {
  const kernel = [1, 2, 3].map((i) => [1, 2, 3].map((j) => weights[`w${i}${j}`]));
  const place = around(row - 1, column - 1, K), moved = {
    window: { xy: place }, "window inside": { xy: place },
    here: { xy: around(row - 1, column - 1, 1) }, handle: { xy: [[column, row]] },
  };
  const output = [];
  for (let i = 0; i < PLACES; i++) for (let j = 0; j < PLACES; j++) {
    let sum = 0;
    for (let a = 0; a < K; a++) for (let b = 0; b < K; b++) sum += IMAGE[i + a][j + b] * kernel[a][b];
    output.push(sum + 0); // not -0
  }
  const reached = PLACES * (row - 1) + column, most = Math.max(...output.map(Math.abs));
  output.forEach((value, n) => {
    const at = `${Math.floor(n / PLACES)} ${n % PLACES}`, seen = n < reached;
    moved[`cell ${at}`] = {
      color: value < 0 ? "#D55E00" : "#0072B2",
      alpha: seen && most ? (STRONGEST * Math.abs(value)) / most : 0,
    };
    moved[`value ${at}`] = { text: seen ? minus(value) : "" };
  });
  for (let i = 0; i < K; i++) for (let j = 0; j < K; j++) {
    const x = IMAGE[row - 1 + i][column - 1 + j], w = kernel[i][j];
    moved[`factors ${i} ${j}`] = { text: product(x, w) };
    moved[`product ${i} ${j}`] = { text: minus(x * w + 0) };
  }
  moved.products = { title: `products, sum ${minus(output[PLACES * (row - 1) + column - 1])}` };
  return moved;
}
