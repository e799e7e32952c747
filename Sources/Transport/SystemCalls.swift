internal import CLibevent
import Glibc

/// What a call on a non-blocking descriptor came to. Would-block is an expected value, not an error.
enum TransferResult: Equatable {
    case bytes(Int)
    case wouldBlock
    case end
    case failed(Int32)
}

/// System calls on sockets that retry EINTR and trap on EBADF and EFAULT, which can only be bugs of ours.
///
/// recv(2) and send(2) do what read(2) and write(2) do, without the kernel's layer of files: a request takes less time.
enum SystemCalls {
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        while true {
            let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if let result = failure(of: "recv") { return result }
        }
    }

    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> TransferResult {
        while true {
            let count = unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if let result = failure(of: "send") { return result }
        }
    }

    static func write(
        _ descriptor: Int32,
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer
    ) -> TransferResult {
        var vectors = (
            unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
            unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
        )
        return unsafe withUnsafeBytes(of: &vectors) { bytes in
            let start = unsafe bytes.baseAddress!.assumingMemoryBound(to: iovec.self)
            while true {
                let count = unsafe writev(descriptor, start, 2)
                if count >= 0 { return .bytes(count) }
                if let result = failure(of: "writev") { return result }
            }
        }
    }

    /// How many bytes of what was written the peer has not acknowledged: SIOCOUTQ, tcp(7).
    static func unacknowledged(_ descriptor: Int32) -> Int {
        var count: Int32 = 0
        guard unsafe ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 else { return 0 }
        return Int(count)
    }

    /// Nil when the call is to be made again.
    private static func failure(of call: StaticString) -> TransferResult? {
        switch errno {
        case EINTR: return nil
        case EAGAIN: return .wouldBlock
        case EBADF, EFAULT: preconditionFailure("\(call)(2): \(errno)")
        default: return .failed(errno)
        }
    }

    /// Whether a call failed since this process or machine lacks something: descriptors, memory, or ports for
    /// connect(2).
    static func isExhaustion(_ error: Int32) -> Bool {
        switch error {
        case EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC, EADDRNOTAVAIL, EAGAIN: true
        default: false
        }
    }

    /// The least descriptor that is free; negative when there is none.
    static func leastFreeDescriptor(beside descriptor: Int32) -> Int32 {
        let free = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if free >= 0 { close(free) }
        return free
    }

    /// `SOCK_STREAM`, which Swift sees through the libevent door, as that module comes first to declare it.
    static var streamType: Int32 { Int32(SOCK_STREAM.rawValue) }

    /// A new TCP socket that does not block and is not inherited by other programs; negative, with `errno`, if none.
    static func streamSocket(family: Int32) -> Int32 {
        socket(family, streamType | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
        var value = value
        return unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// What is written is sent at once, however little it is, tcp(7).
    static func sendAtOnce(_ descriptor: Int32) { _ = setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    /// The value of a socket's option; nil when it has none.
    static func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }

    /// The address a socket is bound to.
    static func localAddress(of descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            let pointer = unsafe bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            guard unsafe getsockname(descriptor, pointer, &length) == 0 else { return nil }
            return unsafe SocketAddress(sockaddr: UnsafeRawPointer(pointer))
        }
    }

    /// The error a non-blocking connect(2) ended with, 0 when it succeeded.
    static func pendingError(of descriptor: Int32) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length)
        return value
    }

    /// `ECONNREFUSED` and the like in words.
    static func text(of error: Int32) -> String { unsafe String(cString: strerror(error)) }
}
