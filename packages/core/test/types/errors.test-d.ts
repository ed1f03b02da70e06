import { expectTypeOf, test } from "vitest";
import { NativeLoadError, type SendError, type SystemError } from "../../src/index.js";

declare const error: unknown;

test("a system error has the fields of Node's system errors", () => {
  expectTypeOf<SystemError>().toExtend<Error & Pick<NodeJS.ErrnoException, "code" | "errno" | "syscall">>();
  expectTypeOf<SystemError["code"]>().toEqualTypeOf<string>();
  expectTypeOf<SystemError["errno"]>().toEqualTypeOf<number>();
  expectTypeOf<SystemError["syscall"]>().toEqualTypeOf<string>();
  expectTypeOf<SystemError["path"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<SystemError["port"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<SystemError["reason"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Error>().not.toExtend<SystemError>();
});

test("an error of a send has bytesSent", () => {
  expectTypeOf<SendError["bytesSent"]>().toEqualTypeOf<number>();
  expectTypeOf<SendError["code"]>().toEqualTypeOf<string>();
  expectTypeOf<SystemError>().not.toExtend<SendError>();
  // An aborted send has no errno.
  expectTypeOf<SendError>().not.toExtend<SystemError>();
});

test("an error of loading has the fields that name the cause and the fix", () => {
  if (!(error instanceof NativeLoadError)) return;
  expectTypeOf<(typeof error)["code"]>().toEqualTypeOf<"ERR_SENDMSG_NATIVE_LOAD">();
  expectTypeOf(error.fix).toEqualTypeOf<string>();
  for (const attempt of error.attempts) {
    expectTypeOf(attempt).toEqualTypeOf<{ tried: string; error: Error }>();
  }
  // @ts-expect-error
  error.code = "ENOENT";
  // @ts-expect-error
  error.attempts.pop();
});
