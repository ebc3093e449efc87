// A graph starts when it is near the screen, and the first one at once, so that a page with many graphs opens
// quickly.
const graphs = new Map();
const sections = [...document.querySelectorAll('.flame')];
function offer(section, live) {
  section.classList.toggle('flame-live', live);
  section.querySelector('.flame-bar').hidden = !live;
  section.querySelector('.flame-view').hidden = !live;
}
function enliven(section) {
  try {
    graphs.set(section, new FlameGraph(section));
  } catch (error) {
    // A browser that is too old still shows the picture.
    offer(section, false);
    picture(section);
    console.error(error);
  }
}
// The still picture is text in the page until it is needed.
function picture(section) {
  if (section.querySelector('.flame-still')) return;
  const paper = section.querySelector('.flame-paper');
  paper.insertAdjacentHTML('afterend', paper.textContent);
}
addEventListener('beforeprint', () => sections.forEach(picture));
matchMedia('print').addEventListener('change', ({matches}) => matches && sections.forEach(picture));
for (const section of sections) offer(section, true);
const near = new IntersectionObserver((entries) => {
  for (const {isIntersecting, target} of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    enliven(target);
  }
}, {rootMargin: '600px'});
if (sections.length) enliven(sections[0]);
for (const section of sections.slice(1)) near.observe(section);

// The browser's search cannot search a canvas. Ctrl-F and / go to the graph in use, or to the only visible one. A
// second Ctrl-F opens the browser's search.
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
