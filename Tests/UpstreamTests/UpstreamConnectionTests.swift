import EventLoops
import Glibc
import Testing
import Transport
import Vocabulary

@testable import Upstream

@Suite("UpstreamConnection and ConnectionPool")
struct UpstreamConnectionTests {
    private let bench: VendorBench

    init() throws { bench = try VendorBench() }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private var connection: UpstreamConnection { bench.connections[0] }
    private var vendor: VendorSide { bench.vendor[0] }

    private func ended(_ count: Int) -> Passes.Step {
        .until("\(count) exchanges have ended") { [bench] in bench.endings.count == count }
    }

    /// One exchange on the first connection, which the vendor answers with `reply`, and its return to the pool.
    private func exchange(_ reply: String, ends: Bool = false) -> [Passes.Step] {
        [
            .act { bench.send(on: connection) },
            .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
            .act {
                vendor.send(reply)
                if ends { vendor.stream.close() }
            },
            ended(1),
            .act { bench.pool.give(connection, idleTimeout: .seconds(1_000)) },
        ]
    }

    @Test("a connection is used again after a sound reply, and the request goes out as it was given")
    func reuse() {
        bench.run(
            exchange(Self.ok) + [
                .act {
                    #expect(bench.words(0) == "200 ok")
                    #expect(bench.pool.take() === connection)
                    #expect(bench.pool.take() == nil)
                    bench.send(on: connection, body: Array("body".utf8))
                },
                .until("the second request has come") { vendor.text.hasSuffix("body") },
                .act {
                    #expect(vendor.text == "POST /x HTTP/1.1\r\n\r\nPOST /x HTTP/1.1\r\n\r\nbody")
                    vendor.send("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n")
                    #expect(bench.endings.count == 1)
                    vendor.send("0\r\n\r\n")
                },
                ended(2),
                .act {
                    #expect(bench.words(1) == "404 no")
                    #expect(connection.isUsable())
                },
            ]
        )
    }

    @Test(
        "after a reply that leaves a doubt it is delivered, and the connection is closed and never used again",
        arguments: [
            ok + "x", ok + "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ]
    )
    func doubt(_ reply: String) {
        bench.run(
            exchange(reply) + [
                .act {
                    #expect(bench.words(0) == "200 ok")
                    #expect(bench.pool.take() == nil)
                },
                .until("the vendor sees the end") { vendor.hasEnded },
            ]
        )
    }

    @Test("content that a 204 announces and has not sent yet is not taken for the next reply")
    func lateContent() {
        bench.run(
            exchange("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n") + [
                .act {
                    #expect(bench.words(0) == "204 ")
                    #expect(bench.pool.take() == nil)
                }
            ]
        )
    }

    @Test("a reply that ends with the connection is whole, and the connection gone")
    func untilClose() {
        bench.run(
            exchange("HTTP/1.1 200 OK\r\n\r\nall of it", ends: true) + [
                .act {
                    #expect(bench.words(0) == "200 all of it")
                    #expect(bench.pool.take() == nil)
                }
            ]
        )
    }

    @Test("bytes that come while it is idle end it")
    func bytesWhileIdle() {
        bench.run(
            exchange(Self.ok) + [
                .act { vendor.send("HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n") },
                .until("the vendor sees the end") { vendor.hasEnded },
                .act { #expect(bench.pool.take() == nil) },
            ]
        )
    }

    @Test("an end that came while it was idle is noticed before a request is sent on it", arguments: [true, false])
    func endWhileIdle(_ isReset: Bool) {
        bench.run(
            exchange(Self.ok) + [
                .act {
                    if isReset { vendor.stream.abort() } else { vendor.stream.close() }
                    // In this same pass: the loop has not reported it yet.
                    #expect(bench.pool.take() == nil)
                    #expect(!connection.isUsable())
                }
            ]
        )
    }

    @Test("an end while it is idle takes it out of the pool by itself")
    func endIsNoticed() {
        bench.run(
            exchange(Self.ok) + [
                .act { vendor.stream.close() },
                .until("this side has closed too") { !connection.stream.isOpen },
                .act { #expect(bench.pool.take() == nil) },
            ]
        )
    }

    @Test("it is closed when its idle time is over")
    func idleTimeout() {
        bench.run(
            exchange(Self.ok) + [
                .act {
                    #expect(bench.pool.take() === connection)
                    bench.pool.give(connection, idleTimeout: .milliseconds(1))
                },
                .until("the vendor sees the end") { vendor.hasEnded },
                .act { #expect(bench.pool.take() == nil) },
            ]
        )
    }

    @Test("the one used last is used first")
    func lastFirst() {
        bench.run(
            connecting: 3,
            [
                .act {
                    for connection in bench.connections { bench.pool.give(connection, idleTimeout: .seconds(1_000)) }
                    for index in [2, 1, 0] { #expect(bench.pool.take() === bench.connections[index]) }
                    #expect(bench.pool.take() == nil)
                }
            ]
        )
    }

    @Test("after a renewal idle ones are closed, and busy ones when their exchange has ended")
    func renewal() {
        bench.run(
            connecting: 2,
            [
                .act {
                    bench.pool.give(bench.connections[1], idleTimeout: .seconds(1_000))
                    bench.send(on: connection)
                    bench.pool.renew()
                    #expect(bench.pool.take() == nil)
                },
                .until("the vendor sees the idle one end") { bench.vendor[1].hasEnded },
                .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
                .act { vendor.send(Self.ok) },
                ended(1),
                .act {
                    #expect(bench.words(0) == "200 ok")
                    bench.pool.give(connection, idleTimeout: .seconds(1_000))
                    #expect(bench.pool.take() == nil)
                },
                .until("the vendor sees the busy one end") { vendor.hasEnded },
            ]
        )
    }

    // MARK: Failures

    @Test("an end before the first byte of a reply leaves open whether it was charged", arguments: [true, false])
    func endBeforeReply(_ isReset: Bool) {
        bench.run([
            .act { bench.send(on: connection) },
            .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
            .act { if isReset { vendor.stream.abort() } else { vendor.stream.close() } },
            ended(1),
            .act {
                #expect(bench.words(0) == "upstream_unreachable charged unknown")
                #expect(!connection.isUsable())
            },
        ])
    }

    @Test("an end within a reply breaks it off", arguments: [true, false])
    func endWithinReply(_ isReset: Bool) {
        let beginning = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nbeginning"
        bench.run([
            .act { bench.send(on: connection) },
            .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
            .act { vendor.send(beginning) },
            // A reset would discard unread bytes.
            .until("this side has read the beginning") { connection.stream.input.isEmpty },
            .act {}, .act {},
            .act { if isReset { vendor.stream.abort() } else { vendor.stream.close() } },
            ended(1),
            .act {
                #expect(bench.words(0) == "upstream_invalid_response charged unknown")
                #expect(!connection.isUsable())
            },
        ])
    }

    @Test("a reply that is none is refused at once, and the connection reset")
    func noReply() {
        bench.run([
            .act { bench.send(on: connection) },
            .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
            .act { vendor.send("SSH-2.0-OpenSSH_9.2\r\n") },
            ended(1),
            .act { #expect(bench.words(0) == "upstream_invalid_response charged unknown") },
            .until("the vendor sees the end") { vendor.hasEnded },
        ])
    }

    @Test(
        "a reply that does not come in time is a time-out, whether it has begun or not",
        arguments: ["", "HTTP/1.1 200 OK\r\n"]
    )
    func timeout(_ beginning: String) {
        bench.run([
            .act {
                if !beginning.isEmpty { vendor.send(beginning) }
                bench.send(on: connection, settings(responseTimeout: .milliseconds(1)))
            },
            ended(1),
            .act {
                #expect(bench.words(0) == "upstream_timeout charged unknown")
                #expect(!connection.isUsable())
            },
            .until("the vendor sees the end") { vendor.hasEnded },
        ])
    }

    @Test("a reply to a request that was not read to its end is delivered, and the connection is not used again")
    func unreadRequest() {
        bench.run([
            .act {
                vendor.stream.pauseInput()
                bench.send(on: connection, body: [UInt8](repeating: 0x20, count: 32 << 20))
                #expect(connection.stream.unsentByteCount > 0)
                vendor.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
            },
            ended(1),
            .act {
                #expect(bench.words(0) == "400 no")
                bench.pool.give(connection, idleTimeout: .seconds(1_000))
                #expect(bench.pool.take() == nil)
            },
        ])
    }

    // MARK: In parts

    @Test("a response is told in parts as it comes, and the connection is used again")
    func parts() {
        bench.run([
            .act { bench.open(on: connection) },
            .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
            .act { vendor.send("HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") },
            .until("the head") { bench.parts.count == 2 },
            .act { vendor.send("3\r\nabc") },
            .until("content") { bench.parts.count == 4 },
            .act {
                #expect(bench.parts == ["200", "-", "abc", "-"])
                #expect(bench.endings.isEmpty)
                vendor.send("\r\n1\r\nd\r\n0\r\nTrailer: x\r\n\r\n")
            },
            ended(1),
            .act {
                #expect(bench.parts == ["200", "-", "abc", "-", "d"])
                #expect(bench.words(0) == "200 ")
                #expect(connection.isUsable())
                bench.send(on: connection)
                vendor.send(Self.ok)
            },
            ended(2),
            .act { #expect(bench.words(1) == "200 ok") },
        ])
    }

    @Test("a request goes out in pieces; a 100 is told once; a response before the request's end ends the connection")
    func pieces() {
        bench.run([
            .act { bench.open(on: connection, "a", isWhole: false, to: .post) },
            .until("the beginning has come") { vendor.text.hasSuffix("\r\n\r\na") },
            .act { vendor.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n") },
            .until("asked") { bench.parts.contains("asked") },
            .act { connection.add(Array("b".utf8), isLast: false) },
            .until("more has come") { vendor.text.hasSuffix("ab") },
            .act { vendor.send("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno") },
            ended(1),
            .act {
                #expect(bench.parts.filter { $0 != "-" } == ["asked", "413", "no"])
                connection.add(Array("c".utf8), isLast: true)
                #expect(!connection.isUsable())
            },
        ])
    }

    @Test("the time for a response begins with the request's end")
    func time() {
        bench.run([
            .act {
                bench.open(on: connection, "a", isWhole: false, to: .post, settings(responseTimeout: .milliseconds(1)))
            },
            .until("the beginning has come") { vendor.text.hasSuffix("a") },
            .act { usleep(10_000) }, .act {}, .act {},
            .act {
                #expect(bench.endings.isEmpty)
                connection.add(Array("b".utf8), isLast: true)
            },
            ended(1),
            .act { #expect(bench.words(0) == "upstream_timeout charged unknown") },
        ])
    }

    @Test("a paused response slows the vendor down, and comes whole when it is resumed")
    func paused() {
        let count = 32 << 20
        bench.run([
            .act { bench.open(on: connection) },
            .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
            .act { vendor.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n") },
            .until("the head") { bench.parts.contains("200") },
            .act {
                connection.pauseResponse()
                vendor.stream.send([UInt8](repeating: 0x61, count: count))
            },
            .act {}, .act {}, .act {},
            .act {
                #expect(vendor.stream.unsentByteCount > 0)
                #expect(!bench.parts.contains("much"))
                connection.resumeResponse()
            },
            ended(1),
            .act {
                #expect(bench.words(0) == "200 ")
                #expect(connection.isUsable())
            },
        ])
    }

    @Test("an exchange that is abandoned tells nothing more, and the vendor sees the end")
    func abandoned() {
        bench.run([
            .act { bench.open(on: connection) },
            .until("the request has come") { vendor.text.hasSuffix("\r\n\r\n") },
            .act { vendor.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na") },
            .until("content") { bench.parts.contains("a") },
            .act { connection.abandon() },
            .until("the vendor sees the end") { vendor.hasEnded },
            .act {
                #expect(bench.endings.isEmpty)
                #expect(!connection.isUsable())
            },
        ])
    }
}
