import ArgumentParser
import EventLoops
import Glibc
import Transport
import VendorSimulation

/// The program `vendor-sim`: parses its arguments, starts the simulated vendor, and ends on SIGTERM or SIGINT.
@main
struct VendorSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vendor-sim",
        abstract: "Imitates the vendor's POST /v1/classify, with faults on demand.",
        discussion: """
            Control calls need no key: GET /sim/account (exact counts and charges), POST /sim/reset, PUT /sim/settings, \
            PUT /sim/documents/{id}, PUT /sim/keys/{key}, POST and DELETE /sim/faults, POST /sim/release, \
            GET or POST /sim/wait. A fault looks like {"kind": "status", "status": 503, "count": 2}.
            """
    )

    @Option(help: "Where to listen, as IP:PORT; port 0 takes a free one.")
    var address = AddressArgument(SocketAddress(ip: [127, 0, 0, 1], port: 0))

    @Option(help: "A second address, always without TLS, for control calls.")
    var controlAddress: AddressArgument?

    @Option(name: .customLong("key"), help: "An API key that is accepted; may be given several times.")
    var keys: [String] = ["vendor-demo-key"]

    @Option(help: "How long one classification takes, such as 250ms or 1.4s.")
    var delay = DurationArgument(.milliseconds(1_400))

    @Option(
        name: .customLong("credits-per-page"),
        help: "MODEL=CREDITS, such as gpt-4o=2.5; may be given several times."
    )
    var creditsPerPage: [PriceArgument] = []

    @Option(help: "Certificate chain in PEM; with it, all connections to --address are TLS.")
    var tlsCertificate: String?

    @Option(help: "Private key in PEM.")
    var tlsKey: String?

    @Option(help: "A file to which each charge is appended, and synchronised to disk, before its reply goes out.")
    var chargeLog: String?

    @Option(
        name: .customLong("fault"),
        help: "A fault for the first calls, as JSON; may be given several times.",
        transform: { text in try Fault(json: text) }
    )
    var faults: [Fault] = []

    func validate() throws {
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key belong together")
        }
    }

    func run() throws {
        let loop = try EventLoop()
        let server = try SimulatedVendorServer.start(options)
        let signals = [SIGTERM, SIGINT].map { number in
            SignalSource(loop: loop, signal: number) { [unowned loop] in loop.stop() }
        }
        let control = server.controlAddress.map { " (control http://\($0))" } ?? ""
        print("vendor-sim listening on \(server.url)\(control)")
        fflush(nil)
        withExtendedLifetime(signals) { loop.run() }
        server.stop()
    }

    private var options: SimulatedVendorOptions {
        var options = SimulatedVendorOptions()
        options.address = address.value
        options.controlAddress = controlAddress?.value
        options.settings.keys = keys
        options.settings.delay = delay.value
        for price in creditsPerPage { options.settings.creditsPerPage[price.model] = price.credits }
        if let tlsCertificate, let tlsKey {
            options.tls = SimulatedVendorOptions.TLSFiles(certificate: tlsCertificate, privateKey: tlsKey)
        }
        options.chargeLog = chargeLog
        options.faults = faults
        return options
    }
}
