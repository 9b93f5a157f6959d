import { describe, expect, it } from '@jest/globals';
import type { Enrolment } from '../storage/types.ts';
import { audit, folder, storageIn } from '../storage/testing/temporary.ts';
import { findNode } from './command.ts';
import { run } from './main.ts';

const enrolment = (nodeId: string, name: string): Enrolment => ({
  nodeId,
  name,
  enrolledMs: 1,
  fingerprint: 'ab'.repeat(32),
  notAfterMs: 99,
  requireSignature: false,
  revokedMs: null,
});

describe('a node whose name was forgotten', () => {
  it('is listed by its id', async () => {
    const path = folder();
    const store = await storageIn(path);
    await store.putEnrolment(enrolment('n1', ''), audit('node.enrolled'));
    await store.putEnrolment(enrolment('n2', 'gw-2'), audit('node.enrolled'));
    let [out, err] = ['', ''];
    const screen = { out: (text: string) => void (out += `${text}\n`), err: (text: string) => void (err += text) };
    expect([await run(['nodes'], { OPENCLAW_FLEET_DATA_DIR: path }, screen), err]).toEqual([0, '']);
    expect(out).toMatch(/^n1 +\(forgotten\) +1970.* expired 1970/m);
    expect(out).toMatch(/^n2 +gw-2 +1970/m);
  });

  it('is meant by its id alone', () => {
    const nodes = [enrolment('n1', ''), enrolment('n2', 'gw-2')];
    expect(findNode(nodes, 'n1').nodeId).toBe('n1');
    expect(() => findNode(nodes, '')).toThrow('no node "" is enrolled');
  });
});
