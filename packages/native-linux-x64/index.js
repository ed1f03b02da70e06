module.exports = require("./prebuilds/linux-x64/sendmsg.node");
