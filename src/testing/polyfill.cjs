// Runs before any module of Grafana is loaded. worker_threads' own MessageChannel would keep Jest from ending.
class Port {
  postMessage(data) {
    setTimeout(() => this.other.onmessage?.({ data }), 0);
  }
  start() {}
  close() {}
}
globalThis.MessageChannel ??= class {
  constructor() {
    this.port1 = new Port();
    this.port2 = new Port();
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
};

Object.defineProperty(globalThis, 'matchMedia', {
  writable: true,
  value: (media) => ({
    matches: false,
    media,
    onchange: null,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
    dispatchEvent: () => false,
  }),
});
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
  takeRecords() {
    return [];
  }
}
Object.assign(globalThis, { ResizeObserver: Observer, IntersectionObserver: Observer });
// Takes every stroke and draws nothing: charts measure their texts, and go on.
const canvas = new Proxy(
  {},
  {
    get: (own, name) =>
      name in own ? own[name] : (text) => (name === 'measureText' ? { width: 8 * String(text).length } : undefined),
    set: (own, name, value) => Reflect.set(own, name, value),
  }
);
HTMLCanvasElement.prototype.getContext = () => canvas;
globalThis.Path2D ??= class {
  constructor() {
    return canvas;
  }
};
Element.prototype.scrollIntoView = () => undefined;
