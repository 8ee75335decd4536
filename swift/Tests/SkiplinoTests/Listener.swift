// Ports without a server, for tests of the network.
import Foundation

/// A port that closes every connection without a response.
final class Listener {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = try listening(port)
    }

    /// Waits for a connection and closes it.
    func hangUpOnOne() async throws {
        let descriptor = self.descriptor
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            Thread {
                let connection = accept(descriptor, nil, nil)
                close(connection)
                done.resume(with: connection >= 0 ? .success(()) : .failure(Failure("nobody connected")))
            }.start()
        }
    }

    func stop() {
        close(descriptor)
    }
}

/// A port that was free just now.
func freePort() throws -> Int {
    let descriptor = try listening(0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard status == 0 else { throw Failure("no port is free") }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// The address of a port without a listener.
func nobody() throws -> URL {
    try unwrap(URL(string: "http://127.0.0.1:\(freePort())/external/v1"), "an address")
}

private func listening(_ port: Int) throws -> Int32 {
    #if os(Linux)
        let kind = Int32(SOCK_STREAM.rawValue)
    #else
        let kind = SOCK_STREAM
    #endif
    let descriptor = socket(AF_INET, kind, 0)
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    guard bound, listen(descriptor, 16) == 0 else {
        close(descriptor)
        throw Failure("port \(port) cannot be listened on")
    }
    return descriptor
}
