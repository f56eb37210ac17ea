/* Panels of curves that share what is shown, how it is zoomed and where the reading line stands. */
const PANELS = data.panels.map((panel, place) => ({ ...panel, place }));
const HEIGHT = 270, MARGIN = { left: 50, right: 16, top: 22, bottom: 40 };
const TIP_ENTRIES = 12;
const shown = { against: "epoch", log: false, seeds: "mean", hidden: new Set(), zoom: null, near: null, strongly: false };
const drawnRows = data.rows.map((row, place) => ({ ...row, place })).filter((row) => row.curves.length);
const longest = Math.max(0, ...drawnRows.flatMap((row) => row.curves.map((curve) => curve.seconds.at(-1) ?? 0)));
const [timeFactor, timeUnit] = longest < 180 ? [1, "s"] : longest < 10800 ? [1 / 60, "min"] : [1 / 3600, "h"];

/* The lines of a row on a panel: the mean with its range, or one line a seed. */
const memory = new Map();
function linesOf(row, panel) {
  const key = `${row.place} ${panel.place} ${shown.against} ${shown.seeds}`;
  if (!memory.has(key)) {
    const each = row.curves.map((curve) => points(curve, panel));
    memory.set(key, shown.seeds === "mean" && each.length > 1 ? [meanOf(each)] : each);
  }
  return memory.get(key).filter((line) => line.x.length);
}

function points(curve, panel) {
  const places = shown.against === "epoch" ? curve.epochs : curve.seconds.map((each) => each === null ? null : each * timeFactor);
  const line = { epochs: [], x: [], y: [] };
  curve.values[panel.place].forEach((value, index) => {
    if (value === null || places[index] === null) return;
    line.epochs.push(curve.epochs[index]);
    line.x.push(places[index]);
    line.y.push(value * panel.factor);
  });
  return line;
}

/* Over the epochs that every seed has, so that no seed drops out midway. */
function meanOf(each) {
  const byEpoch = each.filter((line) => line.x.length).map((line) => new Map(line.epochs.map((epoch, place) => [epoch, place])));
  const lines = each.filter((line) => line.x.length);
  const mean = { epochs: [], x: [], y: [], low: [], high: [] };
  for (const epoch of byEpoch.length ? byEpoch[0].keys() : []) {
    if (!byEpoch.every((places) => places.has(epoch))) continue;
    const places = byEpoch.map((found) => found.get(epoch));
    const values = lines.map((line, number) => line.y[places[number]]);
    const average = (numbers) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    mean.epochs.push(epoch);
    mean.x.push(average(lines.map((line, number) => line.x[places[number]])));
    mean.y.push(average(values));
    mean.low.push(Math.min(...values));
    mean.high.push(Math.max(...values));
  }
  return mean;
}

const visible = () => drawnRows.filter((row) => !shown.hidden.has(row.place) && passes(row.place));

/* Lowest and highest of numbers; spreading 60,000 of them into Math.min would overflow the stack. */
function rangeOf(numbers) {
  let low = Infinity, high = -Infinity;
  for (const value of numbers) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

function acrossRange() {
  const ends = visible().flatMap((row) => PANELS.flatMap((panel) => linesOf(row, panel).flatMap((line) => [line.x[0], line.x.at(-1)])));
  return rangeOf(ends) ?? [0, 1];
}

function upRange(panel, low, high, logarithmic) {
  const values = [];
  for (const row of visible()) {
    for (const line of linesOf(row, panel)) {
      line.x.forEach((x, place) => {
        if (x >= low && x <= high) values.push((line.low ?? line.y)[place], (line.high ?? line.y)[place]);
      });
    }
  }
  const range = rangeOf(logarithmic ? values.filter((value) => value > 0) : values);
  return range ? padded(...range, 0.04, logarithmic) : null;
}
