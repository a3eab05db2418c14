// The twin of plane_map.py: the same numbers, computed where they are dragged.

const REACH = 4, TINY = 1e-9;
const TURN = Array.from({ length: 73 }, (_, n) => (2 * Math.PI * n) / 72);

function eigenlines(a, b, c, d) {
  const middle = (a + d) / 2, spread = ((a - d) / 2) ** 2 + b * c;
  if (spread < -TINY || Math.max(Math.abs(a - d), Math.abs(b), Math.abs(c)) < TINY) return [];
  const root = Math.sqrt(Math.max(spread, 0));
  return (root > TINY ? [middle + root, middle - root] : [middle]).map((value) => {
    const rows = [[a - value, b], [c, d - value]];
    const [p, q] = Math.hypot(...rows[0]) >= Math.hypot(...rows[1]) ? rows[0] : rows[1];
    const angle = (Math.atan2(p, -q) + 2 * Math.PI) % Math.PI;
    const turn = Math.PI - angle < TINY ? 0 : angle;
    return { value, x: Math.cos(turn), y: Math.sin(turn) };
  });
}

export function scene({ a11: a, a12: b, a21: c, a22: d, angle }) {
  const A = ([x, y]) => [a * x + b * y, c * x + d * y];
  const grid = [];
  for (let k = -REACH; k <= REACH; k++)
    grid.push(A([-REACH, k]), A([REACH, k]), null, A([k, -REACH]), A([k, REACH]), null);
  const moved = { grid: { xy: grid }, image: { xy: TURN.map((t) => A([Math.cos(t), Math.sin(t)])) } };
  const found = eigenlines(a, b, c, d);
  for (const k of [0, 1]) {
    const { value, x, y } = found[k] ?? {};
    moved[`line ${k + 1}`] = { xy: found[k] ? [[-9 * x, -9 * y], [9 * x, 9 * y]] : [] };
    moved[`value ${k + 1}`] = found[k] ? { xy: [[3.3 * x - 0.65 * y, 3.3 * y + 0.65 * x]],
      text: `λ = ${(Math.abs(value) < 0.0005 ? 0 : value).toFixed(3).replace("-", "−")}` } : { xy: [null], text: "" };
  }
  const x = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const tips = { "a₁": [a, c], "a₂": [b, d], x, Ax: A(x) };
  for (const [name, tip] of Object.entries(tips)) moved[name] = { xy: [[0, 0], tip] };
  return { ...moved, "handle a₁": { xy: [[a, c]] }, "handle a₂": { xy: [[b, d]] } };
}
