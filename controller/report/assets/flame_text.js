// Formats figures and kinds of frames for people.
const KINDS = ['unknown', 'program', 'library', 'libc', 'kernel', 'vdso', 'jit'];
const KIND_LABELS = {
  unknown: 'unknown code', program: 'program', library: 'shared library', libc: 'C library',
  kernel: 'kernel', vdso: 'vDSO', jit: 'JIT-compiled', inlined: 'program, inlined',
};

function percent(share) {
  if (!isFinite(share)) return '–';
  const value = share * 100;
  return `${value.toFixed(Math.abs(value) >= 10 ? 1 : 2)} %`;
}

function microseconds(us) {
  const size = Math.abs(us);
  return `${us.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3)} µs`;
}

function seconds(ns) {
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(2)} s`;
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(1)} ms`;
  return `${(ns / 1e3).toFixed(0)} µs`;
}

// 12,345. The browser's own formatter takes longer to load than a graph takes to draw.
function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function counted(count, one, many) {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

function signed(text, value) {
  return value > 0 ? `+${text}` : text.replace('-', '−');
}
