/* A reading goes with Escape, when the page scrolls under it, when the window loses the focus, and with a touch elsewhere. */
addEventListener("keydown", (event) => { if (event.key === "Escape") dismiss(); });
addEventListener("scroll", () => { if (!tip.hidden && scrollY !== tipScroll) dismiss(); }, { passive: true });
addEventListener("blur", dismiss);
addEventListener("pointerdown", (event) => { if (!event.target.closest(".plot, .scatter svg")) dismiss(); });

/* The theme, and commands that copy themselves. */
const theme = find("#theme");
const wantsDark = matchMedia("(prefers-color-scheme: dark)");

function applyTheme(name) {
  document.documentElement.dataset.theme = name;
  theme.textContent = name === "dark" ? "Light" : "Dark";
  theme.setAttribute("aria-label", `Switch to ${name === "dark" ? "light" : "dark"} colours`);
}

let themeChosen = false;
theme.addEventListener("click", () => {
  themeChosen = true;
  applyTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
});
wantsDark.addEventListener("change", () => { if (!themeChosen) applyTheme(wantsDark.matches ? "dark" : "light"); });
applyTheme(wantsDark.matches ? "dark" : "light");

async function copyCommand(button) {
  const code = find("code", button.parentNode);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

findAll(".copy").forEach((button) => button.addEventListener("click", () => copyCommand(button)));

find("#unfold").addEventListener("click", () => {
  const folded = findAll("#runs details"), open = folded.some((each) => !each.open && !each.hidden);
  folded.forEach((each) => { each.open = open; });
  find("#unfold").textContent = open ? "Fold all" : "Unfold all";
});

startView();
