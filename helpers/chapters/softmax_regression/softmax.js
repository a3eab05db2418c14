// The twin of `softmax_temperature`: the same numbers, computed where they are dragged.

export function scene({ logit_cat, logit_chicken, logit_dog, temperature }) {
  const o = [logit_cat, logit_chicken, logit_dog];
  const e = o.map((v) => Math.exp((v - Math.max(...o)) / temperature)); // no overflow
  const sum = e.reduce((a, b) => a + b, 0);
  return {
    logits: { lengths: o },
    probabilities: { lengths: e.map((v) => v / sum) },
    right: { title: `softmax(o / T), T = ${Number(temperature.toPrecision(3))}` },
  };
}
