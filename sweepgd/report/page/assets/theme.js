// The colours of the page: as the system has them, until the button is pressed.
const root = document.documentElement;
const themeListeners = [];
const systemDark = matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = null;

function isDark() { return root.dataset.theme === "dark"; }

function applyTheme(dark) {
  if (root.dataset.theme === (dark ? "dark" : "light")) return;
  root.dataset.theme = dark ? "dark" : "light";
  document.getElementById("theme").textContent = dark ? "Light" : "Dark";
  themeListeners.forEach((listener) => listener());
}

function preferredDark() { return chosenTheme ?? systemDark.matches; }

const themeButton = document.getElementById("theme");
themeButton.hidden = false;
themeButton.addEventListener("click", () => { chosenTheme = !isDark(); applyTheme(chosenTheme); });
systemDark.addEventListener("change", () => applyTheme(preferredDark()));
applyTheme(preferredDark());
