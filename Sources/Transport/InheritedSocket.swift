import Glibc

/// A listening TCP socket that the process was started with: a supervisor made it and keeps it. Immutable.
///
/// The descriptor stays open until the process ends. While no process accepts from it, connections wait in the kernel's
/// queue, which belongs to the socket and not to a process.
public struct InheritedSocket: Sendable, Equatable {
    let descriptor: Int32
    /// Where it is bound.
    public let address: SocketAddress

    /// Takes a descriptor over: programs that this one starts do not inherit it, and accept(2) does not block.
    ///
    /// - Throws: it is no listening TCP socket; the text says what it is instead.
    public init(descriptor: Int32) throws(ListenFault) {
        let fault = { (what: String) in ListenFault(description: "descriptor \(descriptor) \(what)") }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw fault("is not open") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw fault("is no socket")
        }
        guard SystemCalls.option(descriptor, SOL_SOCKET, SO_TYPE) == SystemCalls.streamType else {
            throw fault("is no stream socket (ListenStream=)")
        }
        guard let address = SystemCalls.localAddress(of: descriptor) else {
            throw fault("is a socket of another family than IPv4 and IPv6")
        }
        guard SystemCalls.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) == 1 else {
            throw fault("is bound to \(address) and does not listen")
        }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw fault("cannot be made non-blocking: \(SystemCalls.text(of: errno))")
        }
        // As `Listener` sets it on a socket of its own.
        SystemCalls.sendAtOnce(descriptor)
        self.descriptor = descriptor
        self.address = address
    }
}
