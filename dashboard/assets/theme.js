// Before anything is drawn: light or dark, as was chosen here last.
{
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
}
