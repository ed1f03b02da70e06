# child.pl IN OUT FILE: see child.mjs.
use strict;
use warnings;
use Socket;
use Socket::MsgHdr;

my ($inside, $outside, $file) = @ARGV;
open(my $peer, '+<&=', $inside) or die "open: $!";
my $answers = $peer;
if ($inside != $outside) { open($answers, '+<&=', $outside) or die "open: $!" }
while (1) {
    my $message = Socket::MsgHdr->new(buflen => 100, controllen => 256);
    defined recvmsg($peer, $message, 0) or die "recvmsg: $!";
    exit 3 if $message->buf eq '';
    exit 0 if $message->buf eq 'leave';
    my (undef, undef, $payload) = $message->cmsghdr;
    open(my $came, '<&=', unpack('i', $payload)) or die "open: $!";
    my $said = <$came>;
    open(my $opened, '<', $file) or die "open: $!";
    my $answer = Socket::MsgHdr->new(buf => "read: $said");
    $answer->cmsghdr(SOL_SOCKET, SCM_RIGHTS, pack('i', fileno $opened));
    defined sendmsg($answers, $answer, 0) or die "sendmsg: $!";
}
