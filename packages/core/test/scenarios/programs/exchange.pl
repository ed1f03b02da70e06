# exchange.pl TYPE PATH OWN_PATH FILE: exchanges descriptors and credentials with who is at PATH, and says what came.
use strict;
use warnings;
use Socket;
use Socket::MsgHdr;

my ($kind, $path, $own_path, $file) = @ARGV;
my $SCM_CREDENTIALS = 2;
my $SO_PASSCRED = 16;
my %types = (stream => SOCK_STREAM, dgram => SOCK_DGRAM, seqpacket => SOCK_SEQPACKET);

alarm 30;
socket(my $peer, AF_UNIX, $types{$kind}, 0) or die "socket: $!";
if ($kind eq 'dgram') { bind($peer, sockaddr_un($own_path)) or die "bind: $!" }
connect($peer, sockaddr_un($path)) or die "connect: $!";
setsockopt($peer, SOL_SOCKET, $SO_PASSCRED, 1) or die "setsockopt: $!";

sub send_message {
    my ($data, @control) = @_;
    my $message = Socket::MsgHdr->new(buf => $data);
    $message->cmsghdr(@control) if @control;
    defined sendmsg($peer, $message, 0) or die "sendmsg: $!";
}

sub content {
    my ($number) = @_;
    open(my $handle, '<&=', $number) or die "open: $!";
    seek($handle, 0, 0);
    return scalar <$handle>;    # the handle closes the descriptor
}

# To Node
open(my $first, '<', $file) or die "open: $!";
my $number = fileno $first;
send_message('two descriptors', SOL_SOCKET, SCM_RIGHTS, pack('i2', $number, $number));
my ($gid) = split / /, $(;
send_message('explicit', SOL_SOCKET, $SCM_CREDENTIALS, pack('iII', $$, $<, $gid), SOL_SOCKET, SCM_RIGHTS, pack('i', $number));
send_message('many', SOL_SOCKET, SCM_RIGHTS, pack('i10', ($number) x 10));
send_message('bytes');
close $first;

# From Node
my @received;
for (1 .. 4) {
    my $message = Socket::MsgHdr->new(buflen => 100, controllen => 256);
    defined recvmsg($peer, $message, 0) or die "recvmsg: $!";
    my @said = (sprintf '"data":"%s"', $message->buf);
    my @control = $message->cmsghdr;
    while (my ($level, $type, $payload) = splice @control, 0, 3) {
        next unless $level == SOL_SOCKET;
        if ($type == SCM_RIGHTS) {
            push @said, sprintf '"contents":[%s]', join ',', map { sprintf '"%s"', content($_) } unpack 'i*', $payload;
        } elsif ($type == $SCM_CREDENTIALS) {
            push @said, sprintf '"credentials":[%s]', join ',', unpack 'iII', $payload;
        }
    }
    push @received, '{' . join(',', @said) . '}';
}
print '[', join(',', @received), "]\n";
