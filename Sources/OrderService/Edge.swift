import CapacityAPI
import HTTPTypes
import Hummingbird
import Logging

/// The outermost layer of every request: gives it an id, logs and counts it, and turns whatever was thrown into a
/// problem document.
struct Edge: RouterMiddleware {
    typealias Context = ServiceContext

    let meters: RequestMeters
    private let clock = ContinuousClock()

    init(meters: RequestMeters) {
        self.meters = meters
    }

    func handle(
        _ request: Request,
        context: ServiceContext,
        next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let started = clock.now
        let requestID = Edge.requestID(request, or: context.requestID)
        var context = context
        context.requestID = requestID
        context.logger[metadataKey: "request"] = .string(requestID)
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = Edge.answer(error, request: request, context: context)
        }
        response.headers[.requestID] = requestID
        let route = context.endpointPath ?? "none"
        let elapsed = clock.now - started
        meters.count(route: route, method: request.method, status: response.status, elapsed: elapsed)
        context.logger.debug(
            "answered",
            metadata: [
                "method": .string(request.method.rawValue),
                "route": .string(route),
                "status": .stringConvertible(response.status.code),
                "ms": .stringConvertible(elapsed.milliseconds),
            ]
        )
        return response
    }

    /// The caller's own request id where it sent a reasonable one, so that its log and ours can be read together.
    private static func requestID(_ request: Request, or made: String) -> String {
        guard let sent = request.headers[.requestID], (1...128).contains(sent.utf8.count),
            sent.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { return made }
        return sent
    }

    private static func answer(
        _ error: any Error,
        request: Request,
        context: ServiceContext
    ) -> Response {
        let problem = Problem(answering: error)
        let metadata: Logger.Metadata = [
            "method": .string(request.method.rawValue),
            "path": .string(request.uri.path),
            "error": .string(String(describing: error)),
        ]
        switch problem.type {
        case .internal: context.logger.error("a request failed", metadata: metadata)
        case .unavailable: context.logger.warning("a request could not be answered", metadata: metadata)
        case .insufficientCapacity, .spreadUnsatisfiable, .quoteStale, .quotaExceeded, .invalidOrder, .windowInPast,
            .idempotencyKeyReused, .preconditionFailed, .notFound, .unauthenticated, .forbidden, .tooManyRequests,
            .conflict, .bodyTooLarge, .methodNotAllowed, .unsupportedMediaType:
            break
        }
        return problem.response()
    }
}

extension Duration {
    /// The length in milliseconds, as logs and metrics show it.
    var milliseconds: Double { seconds * 1_000 }

    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
