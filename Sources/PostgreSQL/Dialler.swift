import EventLoops
import Glibc
import Vocabulary

/// Connects to the first server of an address that takes writes. Waits; confined to one thread.
///
/// libpq would go through a list of hosts by itself, but, asked not to wait, stays with the first that does not answer.
/// So it is told of one at a time.
struct Dialler {
    let address: PostgreSQLAddress
    let deadline: MonotonicInstant

    func connect() throws(PostgreSQLFailure) -> LibpqConnection {
        var failures: [PostgreSQLFailure] = []
        for (index, host) in address.hosts.enumerated() {
            let hostDeadline = share(of: deadline, attempts: address.hosts.count - index, atMost: nil)
            switch places(of: host) {
            case .failure(let fault): failures.append(PostgreSQLFailure(.connection, fault.description))
            case .success(let places):
                for (index, place) in places.enumerated() {
                    let until = share(of: hostDeadline, attempts: places.count - index, atMost: address.hostTimeout)
                    do {
                        return try connect(to: host, at: place, until: until)
                    } catch {
                        failures.append(error)
                        // Others would say the same of the same role and database.
                        if error.isFinal { throw Self.summary(failures) }
                    }
                }
            }
        }
        throw Self.summary(failures)
    }

    private func share(of deadline: MonotonicInstant, attempts: Int, atMost: Duration?) -> MonotonicInstant {
        let now = SystemClock.monotonic()
        return now + ShareOfTime.of(deadline - now, attempts: attempts, atMost: atMost)
    }

    /// The IP addresses of a host; nil is one that needs none.
    private func places(of host: PostgreSQLHost) -> Result<[String?], PostgreSQLAddress.Fault> {
        if let address = host.address { return .success([address]) }
        return host.isSocket ? .success([nil]) : HostAddresses.lookUp(host.name).map { $0.map(Optional.some) }
    }

    private func connect(
        to host: PostgreSQLHost,
        at place: String?,
        until deadline: MonotonicInstant
    ) throws(PostgreSQLFailure) -> LibpqConnection {
        var options = address.options
        options["host"] = host.name
        options["hostaddr"] = place
        options["port"] = "\(host.port)"
        guard let libpq = LibpqConnection(options: options) else {
            throw PostgreSQLFailure(.connection, "\(host): there is no memory for a connection")
        }
        let failure = { (message: String) in
            PostgreSQLFailure(.connection, sqlState: libpq.sqlState, "\(host): \(message)")
        }
        var events = POLLOUT
        while !libpq.isBad {
            guard SocketWait.wait(for: libpq.socket, events: events, until: deadline) else {
                throw failure("no answer in time")
            }
            switch libpq.poll() {
            case .reads: events = POLLIN
            case .writes: events = POLLOUT
            case .isConnected:
                guard libpq.parameter("client_encoding") == "UTF8" else {
                    throw failure("the server does not speak UTF8 to its clients")
                }
                guard libpq.enterPipeline() else { throw failure(libpq.errorMessage) }
                return libpq
            case .hasFailed: throw failure(libpq.errorMessage)
            }
        }
        throw failure(libpq.errorMessage)
    }

    /// One failure for several servers, with the last code that one of them gave.
    static func summary(_ failures: [PostgreSQLFailure]) -> PostgreSQLFailure {
        PostgreSQLFailure(
            .connection,
            sqlState: failures.last { $0.sqlState != nil }?.sqlState,
            failures.map(\.message).joined(separator: "; ")
        )
    }
}

extension PostgreSQLFailure {
    /// The role, its password or the database is wrong.
    fileprivate var isFinal: Bool { sqlState.map { $0.hasPrefix("28") || $0 == "3D000" } ?? false }
}
