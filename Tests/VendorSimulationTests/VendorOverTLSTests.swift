import Foundation
import Testing

@testable import VendorSimulation

/// TLS seen from outside, by the `openssl` and `curl` programs.
@Suite("The server over TLS")
struct VendorOverTLSTests {
    /// Runs a program and returns its output.
    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self)
    }

    @Test("a client that trusts the certificate gets its reply, and one that does not gets none")
    func classify() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vendor-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = SimulatedVendorOptions.TLSFiles(
            certificate: folder.appending(path: "cert.pem").path,
            privateKey: folder.appending(path: "key.pem").path
        )
        _ = try run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=vendor",
            "-addext", "subjectAltName=IP:127.0.0.1", "-out", files.certificate, "-keyout", files.privateKey,
        ])
        try withServer({ ($0.tls, $0.controlAddress) = (files, $0.address) }) { server in
            #expect(server.url == "https://\(server.address)")
            let call = [
                "curl", "-s", "--max-time", "30", "-H", "x-api-key: \(TestCalls.key)", "-d", TestCalls.body(),
                "\(server.url)/v1/classify",
            ]
            #expect(try run(call) == "")
            #expect(try run(call + ["--cacert", files.certificate]).hasPrefix(#"{"request_id": ""#))
            let control = try TestClient(try #require(server.controlAddress))
            try control.send(TestClient.request("GET", "/sim/account"))
            #expect(try control.reply().body.contains(#""classify_calls": 1, "#))
        }
    }

    @Test("files that are no certificate are refused with their name")
    func badFiles() throws {
        var options = SimulatedVendorOptions()
        options.tls = SimulatedVendorOptions.TLSFiles(certificate: "/dev/null", privateKey: "/dev/null")
        let fault = #expect(throws: SimulatedVendorServer.Fault.self) { try SimulatedVendorServer.start(options) }
        #expect(fault?.description.contains("/dev/null") == true)
    }
}
