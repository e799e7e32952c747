import Foundation
import TestSupport
import Testing

@Suite("Few descriptors")
struct DescriptorTests {
    @Test("a start with too few of them is a message and an exit code, never a trap", arguments: 5...40)
    func start(limit: Int) throws {
        let folder = try TemporaryFolder()
        let base = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:9", folder: folder)
        let file = try folder.write(base.overlaid(with: ["listen": ["workers": 2]]).text, to: "config.json")
        let process = try ServerProcess.program("tollgate", ["serve", "--config", file], openFilesMax: limit)
        #expect(try process.waitForEnd() == .exit(1), "\(process.stderr.text)")
        #expect(process.stdout.text.isEmpty)
        #expect(process.stderr.text.contains("RLIMIT_NOFILE"), "\(process.stderr.text)")
        #expect(process.stderr.text.contains("may open \(limit) files"), "\(process.stderr.text)")
    }

    @Test("descriptors that the process was started with count", arguments: [1, 20, 31, 40, 50, 60])
    func inherited(count: Int) throws {
        let folder = try TemporaryFolder()
        let base = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:9", folder: folder)
        let file = try folder.write(base.overlaid(with: ["listen": ["workers": 2]]).text, to: "config.json")
        let open = "for i in $(seq \(count)); do exec {descriptor}</dev/null; done"
        let program = try ServerProcess.path(ofProgram: "tollgate")
        let process = try ServerProcess(
            ["bash", "-c", "ulimit -n 82; \(open); exec \(program) serve --config \(file)"]
        )
        #expect(try process.waitForEnd() == .exit(1), "\(process.stderr.text)")
        #expect(process.stderr.text.contains("RLIMIT_NOFILE"), "\(process.stderr.text)")
    }

    @Test("a process that a test starts has none of the test's own")
    func notHandedDown() throws {
        let open = dup(0)
        defer { close(open) }
        // The last is the folder that is listed.
        #expect(try CommandResult.of(["ls", "/proc/self/fd"]).output == "0\n1\n2\n3\n")
    }

    @Test("the least number that is asked for is enough to serve, a miss too")
    func least() throws {
        // Two workers: 51 descriptors for the gateway itself and a client, and three fifths of that for the rest.
        let gateway = try Gateway(["listen": ["workers": 2]], openFilesMax: 82)
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        expectHit(try gateway.classify(SampleRequests.vendors))
        #expect(gateway.process.stderr.text.contains("max_connections_above_descriptors"))
        #expect(try gateway.stop() == nil)
    }

    @Test("clients that take all descriptors leave those for the vendor: misses are served")
    func reserve() throws {
        let gateway = try Gateway(["listen": ["workers": 2]], openFilesMax: 128)
        let held = try gateway.connect()
        try held.send(TestRequest("GET", "/healthz").bytes)
        #expect(try held.response().status == 200)
        var crowd: [RawConnection] = []
        for _ in 0..<200 { crowd.append(try gateway.connect()) }
        for _ in 0..<5 {
            try held.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            expectStoredMiss(try held.response())
        }
        for connection in crowd { connection.close() }
        #expect(try gateway.stop() == nil)
    }
}
