/** The name of a value whose type would let anything pass, or nothing: any, unknown, never. */
export type Unusable<Value, Name> = [Value] extends [never] ? Name : unknown extends Value ? Name : never;
