module.exports = require("./prebuilds/linux-ia32/sendmsg.node");
