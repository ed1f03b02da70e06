export function bundle(dist: string, options?: { internals?: string[] }): Promise<void>;
