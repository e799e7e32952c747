import Foundation
import TestSupport
import Testing

/// `deploy/systemd`, held against systemd's own tools.
@Suite("The units for systemd")
struct UnitFileTests {
    private static let folder = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../deploy/systemd")
        .standardized

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test("systemd-analyze finds nothing wrong, with a program that is installed")
    func verify() throws {
        let units = try TemporaryFolder()
        let service = try Self.text("tollgate.service")
        #expect(service.contains("\nExecStart=/usr/bin/tollgate serve --config /etc/tollgate/config.json\n"))
        try units.write(service.replacing("/usr/bin/tollgate", with: "/usr/bin/env"), to: "tollgate.service")
        try units.write(try Self.text("tollgate.socket"), to: "tollgate.socket")
        let result = try CommandResult.of(
            ["systemd-analyze", "verify", "--man=no", units.file("tollgate.service"), units.file("tollgate.socket")]
        )
        #expect(result.succeeded && result.output + result.stderr == "", "\(result.output)\(result.stderr)")
    }

    @Test("what the service may do is little: an exposure of 1.5 of 10 at most")
    func exposure() throws {
        let service = Self.folder.appendingPathComponent("tollgate.service").path
        // The threshold is in tenths.
        let result = try CommandResult.of(["systemd-analyze", "security", "--offline=yes", "--threshold=15", service])
        #expect(result.succeeded, "\(result.output)")
        // A class that is denied has it: threads of lists and copies lower their priority.
        #expect(
            try Self.text("tollgate.service").contains(
                "\nSystemCallFilter=~@privileged @resources\nSystemCallFilter=setpriority\n"
            )
        )
    }

    @Test("systemd-sysusers makes the user that the service runs as")
    func user() throws {
        let file = Self.folder.appendingPathComponent("tollgate.sysusers").path
        let root = try TemporaryFolder()
        let result = try CommandResult.of([
            "systemd-sysusers", "--dry-run", "--root=\(root.path)", file,
        ])
        #expect(
            (result.output + result.stderr).contains("Creating user 'tollgate'"),
            "\(result.output)\(result.stderr)"
        )
        #expect(try Self.text("tollgate.service").contains("\nUser=tollgate\n"))
    }

    @Test("the sockets that systemd-socket-activate hands over are served, until SIGTERM")
    func activation() throws {
        let vendor = try VendorSim()
        let folder = try TemporaryFolder()
        let base = Gateway.baseConfiguration(vendorURL: vendor.url, folder: folder)
        let file = try folder.write(base.text, to: "config.json")
        // Ports that were free a moment ago.
        let ports = try (0..<2).map { _ in try HandedSocket("") }.map(\.port)
        let process = try ServerProcess(
            ["systemd-socket-activate", "--fdname=listen:admin"] + ports.flatMap { ["-l", "127.0.0.1:\($0)"] }
                + [try ServerProcess.path(ofProgram: "tollgate"), "serve", "--config", file]
        )
        try #require(process.stderr.wait { $0.contains { $0.contains("Listening on 127.0.0.1:\(ports[1])") } })
        // The first connection starts the program, which answers it.
        let client = try RawConnection(port: ports[0])
        try client.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
        expectStoredMiss(try client.response())
        let probe = try RawConnection(port: ports[1])
        try probe.send(TestRequest("GET", "/readyz").bytes)
        #expect(try probe.response().status == 200)
        #expect(try process.terminate() == .exit(0))
    }
}
