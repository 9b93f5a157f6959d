// Jest runs as ES modules (node --experimental-vm-modules): jose is ESM only and the code uses import.meta.
const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
};
const project = (displayName, testMatch) => ({
  displayName,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
});

export default {
  rootDir: import.meta.dirname,
  projects: [
    ...['contract', 'client', 'bridge', 'collector', 'simulator'].map((name) =>
      project(name, [`backend/${name}/**/*.test.ts`])
    ),
    project('integration', ['tests/integration/**/*.test.ts']),
  ],
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/scripts/lib/closing-line.mjs'],
};
