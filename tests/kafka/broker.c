/*
 * A Kafka broker for tests: librdkafka's mock cluster of one broker, told what to do by
 * words on standard input, a line each; it answers each with a line that begins with "ok",
 * or "error".  Its first line is its address.
 *
 *   topic NAME N	make a topic of N partitions (others are made when asked for)
 *   read NAME N	N messages of the topic, as far as they come within 10 seconds:
 *			"PARTITION KEY VALUE" with a tab between; N -1: all that are there
 *   down, up		the broker goes and comes back
 *   fail NAME CODE	the topic answers with this error from now on; 0: it is well
 *   produce CODE N	the next N requests to write are answered so
 *
 * It ends when its input does.
 */

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BROKER = 1, API_PRODUCE = 0, WAIT_MS = 10000 };

struct broker {
	rd_kafka_t *host; /* a client that the cluster lives in */
	rd_kafka_mock_cluster_t *cluster;
};

static rd_kafka_t *
client(rd_kafka_type_t type, const char *servers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[256];
	rd_kafka_t *made;

	rd_kafka_conf_set(conf, "log_level", "2", error, sizeof(error));
	if (servers != NULL) {
		rd_kafka_conf_set(
		    conf, "bootstrap.servers", servers, error, sizeof(error));
		rd_kafka_conf_set(conf, "group.id", "test", error, sizeof(error));
		rd_kafka_conf_set(
		    conf, "auto.offset.reset", "earliest", error, sizeof(error));
	}
	made = rd_kafka_new(type, conf, error, sizeof(error));
	if (made == NULL) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	return made;
}

static void
print_message(const rd_kafka_message_t *m)
{
	printf("%d\t%.*s\t%.*s\n", (int)m->partition, (int)m->key_len,
	    m->key ? (const char *)m->key : "", (int)m->len, (const char *)m->payload);
}

/* All partitions from their beginning; how many messages they have now. */
static int
assign_all(rd_kafka_t *consumer, const char *topic)
{
	rd_kafka_topic_partition_list_t *parts = rd_kafka_topic_partition_list_new(16);
	rd_kafka_topic_t *t = rd_kafka_topic_new(consumer, topic, NULL);
	const struct rd_kafka_metadata *answer = NULL;
	int64_t low, high, n = 0;

	rd_kafka_metadata(consumer, 0, t, &answer, WAIT_MS);
	for (int i = 0; answer != NULL && i < answer->topics[0].partition_cnt; i++) {
		rd_kafka_topic_partition_list_add(parts, topic, i)->offset =
		    RD_KAFKA_OFFSET_BEGINNING;
		if (rd_kafka_query_watermark_offsets(
			consumer, topic, i, &low, &high, WAIT_MS) == 0)
			n += high - low;
	}
	if (answer != NULL)
		rd_kafka_metadata_destroy(answer);
	rd_kafka_topic_destroy(t);
	rd_kafka_assign(consumer, parts);
	rd_kafka_topic_partition_list_destroy(parts);
	return (int)n;
}

static void
read_topic(struct broker *b, const char *topic, int n)
{
	rd_kafka_t *consumer =
	    client(RD_KAFKA_CONSUMER, rd_kafka_mock_cluster_bootstraps(b->cluster));
	int found = 0, there;

	rd_kafka_poll_set_consumer(consumer);
	there = assign_all(consumer, topic);
	if (n < 0)
		n = there;
	while (found < n) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, WAIT_MS);

		if (m == NULL)
			break;
		if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
			print_message(m);
			found++;
		}
		rd_kafka_message_destroy(m);
	}
	rd_kafka_destroy(consumer);
	printf("ok %d\n", found);
}

static void
fail_next(struct broker *b, rd_kafka_resp_err_t error, int n)
{
	while (n-- > 0)
		rd_kafka_mock_push_request_errors(b->cluster, API_PRODUCE, 1, error);
}

static void
obey(struct broker *b, const char *words)
{
	char topic[128];
	int n;

	if (sscanf(words, "topic %127s %d", topic, &n) == 2)
		rd_kafka_mock_topic_create(b->cluster, topic, n, 1);
	else if (sscanf(words, "read %127s %d", topic, &n) == 2) {
		read_topic(b, topic, n);
		return;
	} else if (strcmp(words, "down\n") == 0)
		rd_kafka_mock_broker_set_down(b->cluster, BROKER);
	else if (strcmp(words, "up\n") == 0)
		rd_kafka_mock_broker_set_up(b->cluster, BROKER);
	else if (sscanf(words, "fail %127s %d", topic, &n) == 2)
		rd_kafka_mock_topic_set_error(
		    b->cluster, topic, (rd_kafka_resp_err_t)n);
	else if (sscanf(words, "produce %127s %d", topic, &n) == 2)
		fail_next(b, (rd_kafka_resp_err_t)atoi(topic), n);
	else {
		printf("error: %s", words);
		return;
	}
	printf("ok\n");
}

int
main(void)
{
	struct broker b = { .host = client(RD_KAFKA_PRODUCER, NULL) };
	char words[256];

	b.cluster = rd_kafka_mock_cluster_new(b.host, 1);
	if (b.cluster == NULL)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(b.cluster));
	while (fgets(words, sizeof(words), stdin) != NULL)
		obey(&b, words);
	rd_kafka_mock_cluster_destroy(b.cluster);
	rd_kafka_destroy(b.host);
	return 0;
}
