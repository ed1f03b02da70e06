module.exports = require("./prebuilds/linux-arm64/sendmsg.node");
