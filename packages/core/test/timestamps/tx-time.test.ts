import { afterEach, describe, expect } from "vitest";
import {
  CLOCK_MONOTONIC,
  CLOCK_TAI,
  SOF_TXTIME_DEADLINE_MODE,
  SOF_TXTIME_REPORT_ERRORS,
} from "../../src/constants/index.js";
import { enableTxTime, now } from "../../src/index.js";
import { closeAll } from "../support/closing.js";
import { asNobody, givingUpRights } from "../support/nobody.js";
import { rejection, thrown } from "../support/outcome.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { next, udp4 } from "../support/sockets.js";
import { isEmulated, isRoot } from "../support/target.js";

afterEach(closeAll);

describe("enableTxTime()", () => {
  onRealKernel("lets messages bring a time of the monotonic clock", async () => {
    const { socket, at } = await udp4();
    const control = [{ name: "txTime", value: now("monotonic") }] as const;
    const message = { data: "x", address: at, control };
    const error = await rejection(socket.sendmsg(message));
    expect(error).toMatchObject({
      code: "EINVAL",
      message: `sendmsg EINVAL 127.0.0.1:${at.port}: the socket takes no "txTime" yet. Call enableTxTime() for it first`,
    });
    enableTxTime(socket);
    expect(socket.options.get("txTime")).toEqual({
      clockId: CLOCK_MONOTONIC,
      flags: SOF_TXTIME_REPORT_ERRORS,
    });
    await socket.sendmsg(message);
    expect(String((await next(socket)).data)).toBe("x");
  });

  skipUnless("another clock needs CAP_NET_ADMIN", isRoot && !isEmulated())(
    "takes the clock and the mode by their names",
    async () => {
      const { socket } = await udp4();
      enableTxTime(socket, { clock: "tai", deadline: true });
      expect(socket.options.get("txTime")).toEqual({
        clockId: CLOCK_TAI,
        flags: SOF_TXTIME_REPORT_ERRORS | SOF_TXTIME_DEADLINE_MODE,
      });
    },
  );

  givingUpRights("says which privilege another clock needs", async () => {
    const { socket } = await udp4();
    await asNobody(() => {
      expect(thrown(() => enableTxTime(socket, { clock: "tai" }))).toMatchObject({
        code: "EPERM",
        message:
          "setsockopt EPERM: setting SO_TXTIME needs CAP_NET_ADMIN for clocks other than CLOCK_MONOTONIC",
      });
    });
  });

  onRealKernel("refuses what it does not know", async () => {
    const { socket } = await udp4();
    const refused = (options: unknown) => thrown(() => enableTxTime(socket, options as never)).message;
    expect(refused({ clock: "real" })).toBe(
      'The "options.clock" argument must be "realtime", "monotonic", "boottime", "tai" or a number (CLOCK_*). ' +
        'Received type string ("real")',
    );
    expect(refused({ deadline: 1 })).toBe(
      'The "options.deadline" argument must be of type boolean. Received type number (1)',
    );
    expect(refused({ clok: 1 })).toBe('The "options" argument has no option "clok". Did you mean "clock"?');
    expect(thrown(() => enableTxTime({} as never)).message).toBe(
      'The "socket" argument must be a Socket. Received an instance of Object. Of a UdpSocket, give its socket',
    );
  });
});
