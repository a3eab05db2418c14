// The twin of descent.py: the same numbers, computed where they are dragged.

const STEPS = 30, START = [4, 1], REACH = [4.6, 2.6], TINY = 1e-9;
const LEVELS = [1, 0.5, 0.2, 0.05, 0.01], TURN = Array.from({ length: 73 }, (_, n) => (2 * Math.PI * n) / 72);

export function scene({ learning_rate: lr, condition: k }) {
  const path = Array.from({ length: STEPS + 1 }, (_, n) =>
    [START[0] * (1 - lr) ** n, START[1] * (1 - lr * k) ** n]);
  const f = path.map(([x, y]) => 0.5 * (x * x + k * y * y));
  const found = f.findIndex((v, n) => n > 0 && v - f[n - 1] > TINY * f[n - 1]);
  const rise = found < 0 ? null : found;
  const left = path.findIndex((p) => p.some((v, n) => Math.abs(v) > REACH[n]));
  const contours = LEVELS.flatMap((share) => {
    const r = Math.sqrt(2 * share * f[0]);
    return [null, ...TURN.map((t) => [r * Math.cos(t), (r / Math.sqrt(k)) * Math.sin(t)])];
  }).slice(1);
  const track = (name, xy) => ({
    [name]: { xy },
    [`${name} rise`]: { xy: rise === null ? [] : xy.slice(rise - 1, rise + 1) },
    [`${name} fallen`]: { xy: xy.slice(0, rise ?? xy.length) },
    [`${name} risen`]: { xy: xy.slice(rise ?? xy.length) },
  });
  return {
    contours: { xy: contours },
    curve: { title: rise === null ? "f after each step" : `f rises from step ${rise} on`,
      color: rise === null ? "ink" : "#D55E00" },
    ...track("path", left < 0 ? path : path.slice(0, left + 1)),
    ...track("values", f.map((v, n) => [n, Math.log10(Math.max(v, 1e-200))])),
  };
}
