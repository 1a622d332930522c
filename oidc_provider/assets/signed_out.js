// Goes on to the application as soon as every frame has loaded; without scripts the page's own refresh does it.
addEventListener("load", () => {
  const onward = document.getElementById("onward");
  if (onward) {
    location.replace(onward.href);
  }
});
