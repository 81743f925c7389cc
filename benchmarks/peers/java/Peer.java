import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Confluent's Parallel Consumer, unordered or by key (first argument). At least once. */
public class Peer {
  static final ObjectMapper JSON = new ObjectMapper();
  static final String SYSTEM = """
      Classify tickets by what the customer wants most.
      billing: payments, invoices, refunds, prices, plans
      technical: errors, outages, bugs, slowness, integrations
      product_feedback: wishes, praise and complaints about the product
      account: access, passwords, users, profile, closing an account
      unknown: none fits""";

  static Map<String, Object> question(String text) {
    var fields = Map.of(
        "category", Map.of("type", "string", "enum",
            List.of("billing", "technical", "product_feedback", "account", "unknown")),
        "confidence", Map.of("type", "number"));
    var schema = Map.of("type", "object", "properties", fields,
        "required", List.of("category", "confidence"), "additionalProperties", false);
    return Map.of("model", "claude-haiku-5-5", "max_tokens", 100,
        "thinking", Map.of("type", "disabled"), "system", SYSTEM,
        "messages", List.of(Map.of("role", "user", "content", text)),
        "output_config", Map.of("format", Map.of("type", "json_schema", "schema", schema)));
  }

  static JsonNode ask(HttpClient client, URI api, String text) throws Exception {
    var request = HttpRequest.newBuilder(api)
        .header("content-type", "application/json")
        .header("authorization", "Bearer stub")
        .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(question(text))))
        .build();
    var response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      throw new IllegalStateException("status " + response.statusCode());
    }
    return JSON.readTree(JSON.readTree(response.body()).at("/content/0/text").asText());
  }

  public static void main(String[] arguments) {
    var env = System.getenv();
    var topic = env.get("BENCH_TOPIC");
    var api = URI.create(env.get("BENCH_API") + "/v1/messages");
    var common = new Properties();
    common.put("bootstrap.servers", env.get("BENCH_KAFKA"));
    var consuming = new Properties();
    consuming.putAll(common);
    consuming.put("group.id", topic);
    consuming.put("auto.offset.reset", "earliest");
    consuming.put("enable.auto.commit", "false");
    consuming.put("session.timeout.ms", env.get("BENCH_SESSION_MS"));
    var producing = new Properties();
    producing.putAll(common);
    producing.put("linger.ms", "5");
    var bytes = new ByteArrayDeserializer();
    var toBytes = new ByteArraySerializer();
    var options = ParallelConsumerOptions.<byte[], byte[]>builder()
        .ordering(ProcessingOrder.valueOf(arguments[0]))
        .maxConcurrency(Integer.parseInt(env.get("BENCH_CALLS")))
        .consumer(new KafkaConsumer<>(consuming, bytes, bytes))
        .producer(new KafkaProducer<>(producing, toBytes, toBytes))
        .build();
    var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    var processor = ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(topic));
    processor.pollAndProduce(context -> {
      try {
        var ticket = (ObjectNode) JSON.readTree(context.value());
        var answer = (ObjectNode) ask(client, api, ticket.get("text").asText());
        ticket.setAll(answer);
        var category = answer.get("category").asText().replace('_', '-');
        return new ProducerRecord<>(
            topic + "." + category, context.key(), JSON.writeValueAsBytes(ticket));
      } catch (Exception error) {
        throw new IllegalStateException(error); // it is tried again
      }
    });
  }
}
