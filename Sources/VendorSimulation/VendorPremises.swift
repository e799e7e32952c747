import EventLoops
import Serving
import Transport
import Vocabulary

/// The listeners, with their connections, and the desk of one server. Confined to its loop.
final class VendorPremises {
    /// What the thread that starts a server learns about it.
    struct Opened: Sendable {
        let premises: LoopBound<VendorPremises>
        let address: SocketAddress
        let controlAddress: SocketAddress?
    }

    private let desk: VendorDesk
    private let servers: [HTTPServer]

    private init(_ desk: VendorDesk, _ servers: [HTTPServer]) {
        self.desk = desk
        self.servers = servers
    }

    static func open(_ options: SimulatedVendorOptions, loop: EventLoop) throws(SimulatedVendorServer.Fault) -> Opened {
        let tls = try options.tls.map { files throws(SimulatedVendorServer.Fault) in try context(files) }
        let chargeLog = try options.chargeLog.map { path throws(SimulatedVendorServer.Fault) in
            try ChargeLog(path: path, loop: loop)
        }
        let seed = UInt64(bitPattern: SystemClock.wall().microseconds) &* 0x9e37_79b9_7f4a_7c15
        let vendor = SimulatedVendor(options.settings, faults: options.faults, seed: seed)
        let desk = VendorDesk(vendor, chargeLog: chargeLog, loop: loop)
        let server = try listen(options.address, loop)
        server.listener.tls = tls
        var servers = [server]
        if let address = options.controlAddress {
            do throws(SimulatedVendorServer.Fault) {
                servers.append(try listen(address, loop))
            } catch {
                server.listener.stop()
                throw error
            }
        }
        for server in servers { server.start { VendorConnection($0, desk: desk) } }
        return Opened(
            premises: LoopBound(VendorPremises(desk, servers), loop: loop),
            address: server.listener.localAddress,
            controlAddress: options.controlAddress == nil ? nil : servers[1].listener.localAddress
        )
    }

    private static func context(
        _ files: SimulatedVendorOptions.TLSFiles
    ) throws(SimulatedVendorServer.Fault) -> TLSServerContext {
        do throws(TLSConfigurationFault) {
            return try TLSServerContext(
                certificateFile: files.certificate,
                privateKeyFile: files.privateKey,
                clientCAFile: nil
            )
        } catch {
            throw SimulatedVendorServer.Fault(description: error.description)
        }
    }

    /// The vendor keeps connections as long as the gateway does; only faults end them earlier.
    private static let limits = ServingLimits(
        headerTimeout: .seconds(86_400),
        idleTimeout: .seconds(86_400),
        pipelinedBytesMax: 64 * 1024
    )

    private static func listen(
        _ address: SocketAddress,
        _ loop: EventLoop
    ) throws(SimulatedVendorServer.Fault) -> HTTPServer {
        do throws(ListenFault) {
            return try HTTPServer(loop: loop, address: address, limits: limits)
        } catch {
            throw SimulatedVendorServer.Fault(description: error.description)
        }
    }

    func close() {
        for server in servers { server.listener.stop() }
        desk.stop()
    }
}
