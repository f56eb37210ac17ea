/* One filter for everything: a row stays if all words are in what Python says of it. Elements name their rows in data-rows. */
let passing = new Set(data.rows.keys());
const passes = (place) => passing.has(place);
const redrawn = []; // what draws rows itself

function filterRows() {
  const words = find("#filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  passing = new Set([...data.rows.keys()].filter((place) => words.every((word) => data.rows[place].words.includes(word))));
  find("#filtered").textContent = words.length ? `${passing.size} of ${data.rows.length} rows` : "";
  filterElements(document);
  redrawn.forEach(soon);
}

function filterElements(within) {
  for (const part of findAll("[data-rows]", within)) part.hidden = !part.dataset.rows.split(" ").some((place) => passes(Number(place)));
}

find("#filter").addEventListener("input", filterRows);
addControl("filter", find("#filter"));
