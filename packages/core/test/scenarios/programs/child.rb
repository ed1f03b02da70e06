# child.rb IN OUT FILE: see child.mjs.
require "socket"

inside, outside, file = ARGV
peer = UNIXSocket.for_fd(inside.to_i)
answers = inside == outside ? peer : UNIXSocket.for_fd(outside.to_i)
loop do
  data, _, _, *control = peer.recvmsg(100, 0, 100, scm_rights: true)
  exit 3 if data.nil? || data.empty?
  exit 0 if data == "leave"
  came = control[0].unix_rights[0]
  said = came.pread(100, 0)
  came.close
  File.open(file) do |opened|
    answers.sendmsg("read: #{said}", 0, nil, Socket::AncillaryData.unix_rights(opened))
  end
end
