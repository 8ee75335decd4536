// The servers of the Swift benchmarks.
import Foundation

/// The server with canned responses. It ends at the end of its input, which this process holds
/// open.
final class Server {
    let address: URL
    private let process = Process()
    private let input = Pipe()

    init(_ program: String) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) { line += byte }
        guard let address = URL(string: String(decoding: line, as: UTF8.self) + "/external/v1") else { throw Failure.noServer }
        self.address = address
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

/// A server that receives one request and never responds.
final class Silence: @unchecked Sendable {
    let address: URL
    private let descriptor: Int32

    init() throws {
        #if os(Linux)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> UInt16? in
                guard bind(descriptor, generic, length) == 0, listen(descriptor, 16) == 0 else { return nil }
                return getsockname(descriptor, generic, &length) == 0 ? pointer.pointee.sin_port.bigEndian : nil
            }
        }
        guard let port, let url = URL(string: "http://127.0.0.1:\(port)/external/v1") else { throw Failure.noServer }
        (self.address, self.descriptor) = (url, descriptor)
    }

    /// Waits for a request, calls `received`, waits for the client to close the connection, and
    /// returns that moment.
    func hungUp(received: @escaping @Sendable () -> Void) async throws -> ContinuousClock.Instant {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<ContinuousClock.Instant, any Error>) in
            Thread { [descriptor] in
                let connection = accept(descriptor, nil, nil)
                defer { close(connection) }
                var buffer = [UInt8](repeating: 0, count: 4096)
                guard read(connection, &buffer, buffer.count) > 0 else { return done.resume(throwing: Failure.noRequest) }
                received()
                while read(connection, &buffer, buffer.count) > 0 {}
                done.resume(returning: .now)
            }.start()
        }
    }
}

enum Failure: Error {
    case noServer
    case noRequest
    case wrongAnswer
}
