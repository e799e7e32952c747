import Foundation
import Glibc
import Supervision
import Transport

/// Starts the program anew in the process that there is, on the sockets that it listens on: clients that connect
/// meanwhile wait in their queues. Confined to the main thread.
struct Restart {
    private let environment: [String: String]
    /// Owned, and closed by no one: the process has little left to live.
    private let sockets: [(descriptor: Int32, name: String)]

    /// Keeps the sockets that the process listens on, before their listeners close them.
    ///
    /// - Parameters:
    ///   - environment: as the process was started with it.
    ///   - admin: where operators are served; all other sockets are for clients.
    init(environment: [String: String], admin: SocketAddress) {
        self.environment = environment
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        var seen: Set<UInt64> = []
        var sockets: [(descriptor: Int32, name: String)] = []
        // A worker and the supervisor may have one socket by two descriptors; in the order of their numbers.
        for number in numbers.compactMap({ Int32($0) }).sorted() {
            let descriptor = fcntl(number, F_DUPFD_CLOEXEC, 0)
            guard descriptor >= 0 else { continue }
            var status = stat()
            guard let socket = try? InheritedSocket(descriptor: descriptor), unsafe fstat(descriptor, &status) == 0,
                seen.insert(UInt64(status.st_ino)).inserted
            else {
                close(descriptor)
                continue
            }
            let isAdmin = socket.address == admin
            sockets.append((descriptor, isAdmin ? SocketAssignment.adminName : SocketAssignment.listenName))
        }
        self.sockets = sockets
    }

    /// Does it. Returns only if it cannot be done, and nothing may be done then but to end the process.
    func perform() {
        let handed = hand()
        var environment = environment
        for name in ActivationEnvironment.variables { environment[name] = nil }
        environment.merge(ActivationEnvironment.variables(handing: handed, to: getpid())) { $1 }
        // The path is looked at first: by that of the link the process would be listed as "exe".
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        for program in [path, "/proc/self/exe"].compactMap(\.self) {
            Self.execute(program, environment.map { "\($0)=\($1)" })
        }
    }

    /// Puts the sockets where a supervisor would; gives their names, or none when there is no room.
    private func hand() -> [String] {
        let first = ActivationEnvironment.firstDescriptor
        let behind = first + Int32(sockets.count)
        // Away from the numbers that they are to have.
        let moved = sockets.map { fcntl($0.descriptor, F_DUPFD_CLOEXEC, behind) }
        guard moved.allSatisfy({ $0 >= 0 }) else { return [] }
        for (index, descriptor) in moved.enumerated() where dup2(descriptor, first + Int32(index)) < 0 { return [] }
        return sockets.map(\.name)
    }

    private static func execute(_ path: String, _ environment: [String]) {
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        unsafe execve(path, &arguments, &variables)
    }
}
