import { startApi, BRIDGE_BLOCKS } from '../../backend/collector/api/testing/harness.ts';
const api = await startApi();
await api.send('n1', BRIDGE_BLOCKS); await api.send('n2');
console.log(api.origin, api.tokenOf.approver);
setInterval(() => { for (const l of api.logged.splice(0)) console.error(JSON.stringify(l, (k, v) => v instanceof Error ? v.stack : v)); }, 500);
