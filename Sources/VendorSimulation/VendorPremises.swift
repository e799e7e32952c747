import EventLoops
import Transport
import Vocabulary

/// The listeners and the desk of one server. Confined to its loop.
final class VendorPremises {
    /// What the thread that starts a server learns of it.
    struct Opened: Sendable {
        let premises: LoopBound<VendorPremises>
        let address: SocketAddress
        let controlAddress: SocketAddress?
    }

    private let desk: VendorDesk
    private let listeners: [Listener]

    private init(_ desk: VendorDesk, _ listeners: [Listener]) {
        self.desk = desk
        self.listeners = listeners
    }

    static func open(_ options: SimulatedVendorOptions, loop: EventLoop) throws(SimulatedVendorServer.Fault) -> Opened {
        let tls = try options.tls.map { files throws(SimulatedVendorServer.Fault) in try context(files) }
        let chargeLog = try options.chargeLog.map { path throws(SimulatedVendorServer.Fault) in
            try ChargeLog(path: path, loop: loop)
        }
        let seed = UInt64(bitPattern: SystemClock.wall().microseconds) &* 0x9e37_79b9_7f4a_7c15
        let vendor = SimulatedVendor(options.settings, faults: options.faults, seed: seed)
        let desk = VendorDesk(vendor, chargeLog: chargeLog, loop: loop)
        let listener = try listen(options.address, loop)
        listener.tls = tls
        var listeners = [listener]
        if let address = options.controlAddress {
            do throws(SimulatedVendorServer.Fault) {
                listeners.append(try listen(address, loop))
            } catch {
                listener.stop()
                throw error
            }
        }
        for listener in listeners { listener.start { _ = VendorConnection($0, desk: desk) } }
        return Opened(
            premises: LoopBound(VendorPremises(desk, listeners), loop: loop),
            address: listener.localAddress,
            controlAddress: options.controlAddress == nil ? nil : listeners[1].localAddress
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

    private static func listen(
        _ address: SocketAddress,
        _ loop: EventLoop
    ) throws(SimulatedVendorServer.Fault) -> Listener {
        do throws(ListenFault) {
            return try Listener(loop: loop, address: address, sharesPort: false)
        } catch {
            throw SimulatedVendorServer.Fault(description: error.description)
        }
    }

    func close() {
        for listener in listeners { listener.stop() }
        desk.stop()
    }
}
