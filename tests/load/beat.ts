/** The heartbeat every load run sends: seed 004's example with a node and a time of its own. */
export function beatBody(nodeId: string, atMs: number): string {
  return (
    `{"node_id":"${nodeId}","hostname":"chimera-01.prod","version":"1.2.0","capacity":{"workers":24,"available_slots":5},` +
    `"queue_depth":{"planner":3,"worker":120},"last_heartbeat":"${new Date(atMs).toISOString()}",` +
    `"tags":["region:us-east-1","gpu:true"],"uptime_seconds":86400}`
  );
}

/** A whole HTTP/1.1 request, so that the sender costs as little as it can. */
export function beatRequest(nodeId: string, token: string, atMs: number): string {
  const body = beatBody(nodeId, atMs);
  return (
    `POST /openclaw/availability HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\n` +
    `X-Node: ${nodeId}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
