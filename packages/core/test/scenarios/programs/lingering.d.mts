export const LINGER: number;
export function lingering(count: number, seconds?: number): { fds: number[]; peers: number[] };
