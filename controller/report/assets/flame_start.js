// Every graph comes alive when it is near the screen, so that a page of many opens at once.
const graphs = new Map();
const near = new IntersectionObserver((entries) => {
  for (const {isIntersecting, target} of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    graphs.set(target, new FlameGraph(target));
  }
}, {rootMargin: '600px'});
for (const section of document.querySelectorAll('.flame')) near.observe(section);

// The browser's own search does not see into a canvas: Ctrl-F and / go to the graph that is in use, or the only one in
// sight. Ctrl-F a second time is the browser's again.
document.addEventListener('keydown', (event) => {
  const find = event.key === 'f' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (!find && (event.key !== '/' || typing || event.ctrlKey || event.metaKey)) return;
  const inUse = document.activeElement.closest('.flame') ?? document.querySelector('.flame:hover');
  const inSight = [...graphs.keys()].filter((section) => {
    const box = section.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });
  const section = inUse ?? (inSight.length === 1 ? inSight[0] : null);
  const search = section && section.querySelector('.flame-search');
  if (!search || document.activeElement === search) return;
  search.focus();
  search.select();
  event.preventDefault();
});
